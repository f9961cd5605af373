/* Contrast of every text and every mark with what lies behind it.
   https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
() => {
  const channels = colour => (colour.match(/[\d.]+/g) || []).map(Number);
  const linear = value => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const lightness = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const opaque = colour => { const c = channels(colour); return c.length >= 3 && (c.length < 4 || c[3] > 0) ? c : null; };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = opaque(getComputedStyle(e).backgroundColor);
      if (found) return found;
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => { const [x, y] = [lightness(a), lightness(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const low = [];
  let texts = 0, marks = 0;
  const judge = (colour, element, least, what) => {
    const found = ratio(channels(colour), behind(element));
    if (!(found >= least)) low.push(`${what} ${colour} on ${behind(element)}: ${found.toFixed(2)}`);
  };
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    if (!element.getClientRects().length || style.visibility === "hidden") continue;
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (element.closest("svg")) {
      if (element.tagName === "text") { texts++; judge(style.fill, element.closest("div"), 4.5, element.textContent); }
      else if (element.tagName === "path" && opaque(style.fill)) { marks++; judge(style.fill, element.closest("figure"), 3, "mark"); }
      else if (element.tagName === "path" && parseFloat(style.strokeWidth) >= 2 && opaque(style.stroke)) { marks++; judge(style.stroke, element.closest("figure"), 3, "line"); }
    } else if (own) { texts++; judge(style.color, element, 4.5, element.textContent.trim().slice(0, 40)); }
  }
  return { low: [...new Set(low)], texts, marks, lightness: lightness(behind(document.body)) };
}
