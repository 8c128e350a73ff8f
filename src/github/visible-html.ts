import type { DefaultTreeAdapterMap } from "parse5";

type Element = DefaultTreeAdapterMap["element"];

/** Tags that stay in visible text, without attributes: they carry structure and no text of their own. */
const keptTags = new Set(
  (
    "b i strong em u s strike del ins sub sup kbd code pre samp var tt q cite br hr p div span blockquote ul ol li dl dt dd " +
    "table thead tbody tfoot tr td th caption h1 h2 h3 h4 h5 h6 details summary small big mark ruby rt center abbr dfn time " +
    "address figure figcaption wbr"
  ).split(" "),
);

/** Elements whose content a reader of GitHub never sees as text. */
const hiddenElements = new Set(
  (
    "script style template noscript iframe noembed noframes textarea title xmp plaintext select option optgroup datalist audio " +
    "video object embed canvas svg math map area head meta link base param source track picture img rp progress meter input " +
    "button frameset frame applet dialog bdo"
  ).split(" "),
);

/** The only style properties that cannot hide, shrink, move or colour text away. */
const harmlessStyle =
  /^\s*(?:text-align|vertical-align|font-weight|font-style|text-decoration|list-style-type|border-collapse)\s*:\s*[a-z-]+\s*$/;

export function isKeptTag(name: string): boolean {
  return keptTags.has(name);
}

/** Each of these makes text smaller; GitHub's style sheet gives 75 % to the first two. */
const shrinking = new Set(["sub", "sup", "small", "rt"]);
/** More of them inside each other than any text needs: below a third of its size it cannot be read. */
const maxShrinking = 3;

/** Whether an element is one too many of those that make text smaller. */
function isTooSmall(element: Element): boolean {
  let count = 0;
  for (let at: Element["parentNode"] = element; at && "tagName" in at; at = at.parentNode)
    if (shrinking.has(at.tagName)) count += 1;
  return shrinking.has(element.tagName) && count > maxShrinking;
}

/** Whether an element shows none of its content; `details` is judged by its caller, since its summary shows. */
export function hidesContent(element: Element): boolean {
  if (hiddenElements.has(element.tagName) || /^z{3,}$/.test(element.tagName) || isTooSmall(element)) return true;
  return element.attrs.some(({ name, value }) => {
    switch (name) {
      case "hidden":
      case "inert":
      case "popover":
      case "color":
      case "bgcolor":
      case "size":
        return true;
      case "aria-hidden":
        return value !== "false";
      case "style":
        return !value.split(";").every((rule) => rule.trim() === "" || harmlessStyle.test(rule.toLowerCase()));
      case "height":
      case "width":
        return /^0*(?:\.\d+)?1?(?:px|%|em)?$/.test(value.trim());
      case "class":
        return /(?:^|\s)(?:sr-only|show-on-focus|d-none|v-hidden|visually-hidden)(?:\s|$)/i.test(value);
      default:
        return false;
    }
  });
}

export function hasAttribute(element: Element, name: string): boolean {
  return element.attrs.some((attribute) => attribute.name === name);
}
