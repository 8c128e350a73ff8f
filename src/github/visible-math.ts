/** TeX commands that show what they are given; any other in a formula may hide, colour away or redefine. */
const harmless = new Set(
  (
    "frac dfrac tfrac sqrt sum prod int iint iiint oint lim limsup liminf infty partial nabla pm mp times div cdot cdots ldots dots vdots ddots " +
    "le leq ge geq ne neq approx equiv sim simeq cong propto in notin subset subseteq supset supseteq cup cap setminus emptyset forall exists neg " +
    "land lor implies iff to mapsto rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow uparrow downarrow " +
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho sigma tau upsilon phi varphi chi psi omega " +
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega text textbf textit texttt mathrm mathbf mathit mathbb mathcal mathfrak mathsf operatorname " +
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp min max sup inf det dim ker deg gcd mod bmod pmod arg " +
    "left right big Big bigg Bigg langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert mid parallel perp angle " +
    "hat bar vec dot ddot tilde overline underline widehat widetilde overbrace underbrace binom choose begin end quad qquad " +
    "star ast circ bullet oplus otimes prime ell hbar Re Im aleph"
  ).split(" "),
);

const environments = new Set(
  "align aligned alignat alignedat array bmatrix Bmatrix cases eqnarray equation gather gathered matrix multline pmatrix smallmatrix split vmatrix Vmatrix".split(
    " ",
  ),
);

/** Ranges [start, end) of formulas in `source` that hide text: GitHub renders `$…$` and `$$…$$`, and a reader sees the rendering. */
export function hidingFormulas(source: string): [number, number][] {
  const found: [number, number][] = [];
  for (const match of source.matchAll(/\$\$([\s\S]+?)\$\$|\$(?!\s)([^$]*?[^\s$])\$(?!\d)/g)) {
    const formula = match[1] ?? match[2] ?? "";
    if (hides(formula)) found.push([match.index, match.index + match[0].length]);
  }
  return found;
}

function hides(formula: string): boolean {
  if (/(?:^|[^\\])%/.test(formula)) return /\\[a-zA-Z]|\n/.test(formula) || formula.trimStart().startsWith("%");
  // Pulled back over what stands before it, again and again.
  if (/(?:\\!\s*){3}/.test(formula)) return true;
  for (const match of formula.matchAll(/\\(?:begin|end)\s*\{([^}]*)\}?/g))
    if (!environments.has((match[1] ?? "").replace(/\*$/, ""))) return true;
  // A doubled backslash ends a line, whatever letter comes next.
  return [...formula.replaceAll("\\\\", " ").matchAll(/\\([a-zA-Z]+)/g)].some((match) => !harmless.has(match[1] ?? ""));
}
