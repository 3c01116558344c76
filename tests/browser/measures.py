"""What is measured of a page, in its own language."""

from __future__ import annotations

# The smallest contrast of visible text (WCAG 2.1, 1.4.3), with the text that has it.
CONTRAST = """() => {
  const curve = value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const weights = [0.2126, 0.7152, 0.0722];
  const light = colour => weights.reduce((sum, w, at) => sum + w * curve(parts(colour)[at] / 255), 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor, alpha = parts(colour)[3];
      if (alpha !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  let worst = [99, ""];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].filter(node => node.nodeType === 3 && node.textContent.trim());
    if (!own.length || !element.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst[0]) worst = [ratio, own[0].textContent.trim().slice(0, 40)];
  }
  return worst;
}"""

# Elements wider than the page, apart from those inside something that scrolls on its own.
OVERFLOWING = """() => [...document.querySelectorAll("body *")]
  .filter(each => !each.closest(".picture") && !each.closest("thead, .quiet"))
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => `${each.tagName}.${each.className}`)"""

# Fields that nothing names, and buttons and links without a text.
UNLABELLED = """() => [
  ...[...document.querySelectorAll("input:not([type=hidden]), textarea, select")]
    .filter(each => !each.labels.length && !each.getAttribute("aria-label")),
  ...[...document.querySelectorAll("button, a, summary")].filter(each => !each.textContent.trim()),
  ...[...document.querySelectorAll("fieldset")].filter(each => !each.querySelector("legend")),
  ...[...document.querySelectorAll("img")].filter(each => !each.alt),
].map(each => each.outerHTML.slice(0, 100))"""
