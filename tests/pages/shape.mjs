// What axe does not look at, in a page as a browser shows it.

/** What axe does not look at: targets of pointers, help in its place, languages of links. */
export const shape = (page) => page.evaluate(() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const found = [];
  const alone = (link) => {
    // A link in a sentence may be as high as its line (WCAG 2.5.8, inline).
    for (let at = link; at.parentElement; at = at.parentElement) {
      if (getComputedStyle(at).display !== "inline") return at.innerText.trim() === link.innerText.trim();
    }
    return true;
  };
  const all = [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")].filter(shown)
    .filter((one) => !one.matches(".govuk-skip-link")).filter((one) => one.tagName !== "A" || alone(one));
  // The label of a radio or a box is its target too.
  const box = (one) => {
    const rect = one.getBoundingClientRect();
    return { one, x: rect.x + rect.width / 2, y: rect.y + rect.height / 2, width: rect.width, height: rect.height, rect };
  };
  const boxes = all.map(box);
  for (const small of boxes.filter((one) => one.width < 23.5 || one.height < 23.5)) {
    const near = boxes.find((other) => other !== small && (() => {
      const dx = Math.max(other.rect.left - small.x, 0, small.x - other.rect.right);
      const dy = Math.max(other.rect.top - small.y, 0, small.y - other.rect.bottom);
      const tiny = other.width < 23.5 || other.height < 23.5;
      return Math.hypot(dx, dy) < 12 || (tiny && Math.hypot(other.x - small.x, other.y - small.y) < 24);
    })());
    if (near) found.push(`a target of ${small.width.toFixed(0)} × ${small.height.toFixed(0)} px near another: ${small.one.outerHTML.slice(0, 90)}`);
    else if (small.one.matches("button, select, input:not([type=radio], [type=checkbox]), summary")) {
      found.push(`a control of ${small.width.toFixed(0)} × ${small.height.toFixed(0)} px: ${small.one.outerHTML.slice(0, 90)}`);
    }
  }
  const places = [...document.querySelectorAll("footer ul a")].map((one) => one.getAttribute("href").slice(3)).join(" ");
  if (places !== "/help /accessibility /developers /status") found.push(`help is not in its place: ${places}`);
  const languages = [...document.querySelectorAll("header nav [lang]")].map((one) => one.lang).join(" ");
  if (languages !== "en be ru") found.push(`languages: ${languages}`);
  return found;
});
