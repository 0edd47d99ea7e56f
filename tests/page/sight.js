// Copyright (c) 2026, mailops contributors
// GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// What a page looks like to somebody, as lists of what is wrong with it. Evaluated in the page by the browser test.
(() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  // The part of a box that nothing around it cuts away.
  const unclipped = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let around = element; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.clipPath !== "none") return null;
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const edge = around.getBoundingClientRect();
      left = Math.max(left, edge.left); right = Math.min(right, edge.right);
      top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  };

  // Every line of every text that is seen.
  const lines = () => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const element = text.parentElement;
      if (!text.data.trim() || !shown(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) {
        const part = unclipped(box, element);
        if (part) found.push({ ...part, text, element });
      }
    }
    return found;
  };

  const name = (line) => line.text.data.trim().slice(0, 60);

  const overlaps = () => {
    const all = lines().sort((one, other) => one.top - other.top);
    const found = [];
    all.forEach((one, place) => {
      for (let next = place + 1; next < all.length && all[next].top < one.bottom - 3; next += 1) {
        const other = all[next];
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        if (wide > 1.5 && one.text !== other.text) found.push(`${name(one)} | ${name(other)}`);
      }
    });
    return found;
  };

  const rgb = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    if (!/^rgba?\(/.test(colour)) throw new Error(`cannot read the colour ${colour}`);
    return { channels: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };

  const luminance = (channels) => {
    const [red, green, blue] = channels.map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  const ground = (element) => {
    for (let around = element; around; around = around.parentElement) {
      const { channels, alpha } = rgb(getComputedStyle(around).backgroundColor);
      if (alpha === 1) return channels;
      if (alpha > 0) throw new Error("a background that shines through");
    }
    return [255, 255, 255];
  };

  const faint = () => {
    const found = new Set();
    for (const { element, text } of lines()) {
      const style = getComputedStyle(element);
      const { channels, alpha } = rgb(element instanceof SVGElement ? style.fill : style.color);
      const [one, other] = [luminance(channels), luminance(ground(element))].sort((a, b) => b - a);
      const contrast = (one + 0.05) / (other + 0.05);
      if (contrast < 4.5 || alpha < 1) found.add(`${contrast.toFixed(2)}: ${text.data.trim().slice(0, 60)}`);
    }
    return [...found];
  };

  // What sticks out of the window, unless it can be scrolled to inside its own region.
  const outside = () => {
    const width = document.documentElement.clientWidth;
    const found = lines().filter((line) => line.right > width + 0.5 || line.left < -0.5).map(name);
    if (document.documentElement.scrollWidth > width) found.push(`the document is ${document.documentElement.scrollWidth} wide`);
    return found;
  };

  const small = () => [...new Set(lines().map(({ element, text }) => {
    const scale = element instanceof SVGElement ? element.getScreenCTM().a : 1;
    return [parseFloat(getComputedStyle(element).fontSize) * scale, text.data.trim().slice(0, 40)];
  }).filter(([size]) => size < 10.5).map(([size, text]) => `${size.toFixed(1)}: ${text}`))];

  const controls = () => [...document.querySelectorAll("a[href], summary, button, input, select, textarea, [tabindex]")].filter(shown);
  const at = () => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return { place: controls().indexOf(element), outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
  };

  window.sight = { overlaps, faint, outside, small, at, controls: () => controls().length, lines: () => lines().length };
})();
