/** The published action, as workflows of other repositories name it. */
export const actionReference = "baton-ci/baton@v0";

/** The two workflow files that `baton init` writes, by their path in the target repository; the sources are our own, which we use ourselves. */
export const workflowFiles = [".github/workflows/baton.yml", ".github/workflows/nightly.yml"] as const;

const targetNames: Record<(typeof workflowFiles)[number], string> = {
  ".github/workflows/baton.yml": ".github/workflows/baton.yml",
  ".github/workflows/nightly.yml": ".github/workflows/baton-nightly.yml",
};

/** Path under which a workflow is written into the target repository. */
export function targetPathOf(file: (typeof workflowFiles)[number]): string {
  return targetNames[file];
}

/** A workflow of ours as another repository uses it: `uses` (such as `owner/baton@v0`) instead of the clone, so no checkout is needed. */
export function renderWorkflow(template: string, { uses }: { uses: string }): string {
  const withoutCheckout = template.replace(/^ {6}- uses: actions\/checkout@.*\n(?: {8,}.*\n)*/gm, "");
  return withoutCheckout
    .replaceAll(/^(\s+(?:- )?uses:) \.\/$/gm, (_line, key: string) => `${key} ${uses}`)
    .replace(
      "# Baton's own use of Baton, and the template that `baton init` writes for others.\n",
      "# Written by `baton init`. Rights and triggers are explained in the documentation of Baton.\n",
    );
}

/** The same workflow without its comments and empty lines, for a link that must stay short; pins keep their versions. */
export function compactWorkflow(workflow: string): string {
  return workflow
    .split("\n")
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .map((line) => line.replace(/\s+#(?! v\d).*$/, ""))
    .join("\n")
    .concat("\n");
}
