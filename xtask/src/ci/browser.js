// Runs at the end of the report, in a frame of the page that the check makes. Says what is wrong, as lines of the frame's
// element in that page.
(() => {
  const wrong = [];
  const names = (element) => element.id || element.getAttribute("class") || element.tagName;

  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  // The colours that text may stand on: the nearest opaque one, and that of a bar.
  const grounds = (element) => {
    const found = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const bar = style.backgroundImage.match(/rgb\([^)]*\)/);
      if (bar) found.push(numbers(bar[0]));
      const canvas = at.tagName === "svg" && at.querySelector(".canvas");
      const ground = numbers(canvas ? getComputedStyle(canvas).fill : style.backgroundColor);
      if (ground.length === 3 || ground[3] === 1) return [...found, ground];
    }
    return [...found, [255, 255, 255]];
  };
  // WCAG 2.2, 1.4.3: 4.5, or 3 for text of 24 pixels, or 18.66 if bold.
  const contrast = (theme) => {
    let checked = 0;
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!own || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.getClientRects().length) continue;
      const style = getComputedStyle(element);
      const ink = numbers(element.ownerSVGElement ? style.fill : style.color);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      const found = Math.min(...grounds(element).map((ground) => ratio(ink, ground)));
      checked += 1;
      if (found < least) wrong.push(`${theme}: contrast ${found.toFixed(2)} of ${names(element)}: ${element.textContent.slice(0, 30)}`);
    }
    if (checked < 100) wrong.push(`only ${checked} texts to check`);
  };

  const layout = () => {
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) {
      const wide = [...document.querySelectorAll("main *")].find((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll"));
      wrong.push(`scrolls sideways: ${scrollWidth} pixels of ${innerWidth}, ${wide ? names(wide) : ""}`);
    }
    for (const section of document.querySelectorAll("section")) {
      if (section.getBoundingClientRect().height < 40) wrong.push(`section ${section.id} is empty`);
      if (!document.querySelector(`nav a[href="#${section.id}"]`)) wrong.push(`no link to ${section.id}`);
    }
    for (const box of document.querySelectorAll(".scroll")) {
      if (box.tabIndex !== 0 || !box.getAttribute("aria-label")) wrong.push(`${names(box)} cannot be scrolled by keyboard`);
    }
    // Texts are read from line to line; only numbers may be cut off at the edge.
    const texts = document.querySelector(".errors").closest(".scroll");
    if (texts.scrollWidth > texts.clientWidth) wrong.push(`listings scroll sideways: ${texts.scrollWidth} pixels of ${texts.clientWidth}`);
  };

  const listings = () => {
    const tip = document.getElementById("tip");
    for (const figure of document.querySelectorAll("figure[data-frame]")) {
      const key = (name) => figure.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
      figure.focus();
      if (document.activeElement !== figure) wrong.push("a picture does not take the focus");
      key("End");
      key("ArrowLeft");
      const mark = figure.querySelector(".mark").getBoundingClientRect();
      const box = figure.getBoundingClientRect();
      const inside = mark.left >= box.left && mark.right <= box.right && mark.top >= box.top && mark.bottom <= box.bottom;
      const row = tip.querySelector("p")?.textContent;
      if (tip.hidden || !inside || tip.querySelectorAll("dl:last-child dt").length < 2) wrong.push("arrow keys show no listing");
      key("Escape");
      if (!tip.hidden) wrong.push("Escape does not hide the listing");
      const at = { clientX: (mark.left + mark.right) / 2, clientY: (mark.top + mark.bottom) / 2, pointerType: "mouse" };
      figure.dispatchEvent(new PointerEvent("pointermove", at));
      if (tip.hidden || !row) wrong.push("pointing at a dot shows no listing");
      figure.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "touch" }));
      if (tip.hidden) wrong.push("the listing goes when a finger is lifted");
      figure.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
      if (!tip.hidden) wrong.push("the listing stays when the pointer left");
    }
  };

  const ground = () => getComputedStyle(document.body).backgroundColor;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  layout();
  listings();
  contrast(system);
  const before = ground();
  if ((luminance(numbers(before)) < 0.2) !== (system === "dark")) wrong.push(`${system}: the page is ${before}`);
  document.getElementById("theme").click();
  if (ground() === before) wrong.push("the theme button does nothing");
  contrast(`other than ${system}`);

  const ids = [...document.querySelectorAll("section")].map((section) => section.id);
  const said = parent.document.getElementById(frameElement.dataset.said);
  said.textContent = [`${system} ${innerWidth} ${ids.join(",")}`, ...wrong].join("\n");
})();
