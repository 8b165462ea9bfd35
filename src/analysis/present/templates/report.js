"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const narrow = matchMedia("(max-width: 63.99rem)");

  // Contents: folded on a phone, and again once something was chosen there.
  const contents = document.querySelector("nav.contents > details");
  const fold = () => { contents.open = !narrow.matches; };
  fold();
  narrow.addEventListener("change", fold);
  all("a", contents).forEach((link) => link.addEventListener("click", fold));

  // The dataset switch works without this; a dataset chosen is unfolded too.
  all(".switch input").forEach((input) => input.addEventListener("change", () => {
    const chosen = input.id.replace("show-", "");
    all(`details.dataset[data-dataset="${chosen}"]`).forEach((one) => { one.open = true; });
  }));

  // A link leads to what it names, even if that is folded or another dataset is shown.
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    const panel = target.closest("[data-dataset]");
    if (panel && getComputedStyle(panel).display === "none") {
      document.getElementById("show-all").checked = true;
    }
    for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) {
      one.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Printing unfolds everything, and folds it again.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = all("main details:not([open])");
    unfolded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => {
    unfolded.forEach((one) => { one.open = false; });
    unfolded = [];
  });

  // Tables sort by a column: upwards, downwards, and as they stood. What has no value comes last.
  const number = (text) => {
    const found = text.replaceAll("\u2212", "-").replace(/(\d),(?=\d{3})/g, "$1").match(/^[<>]?\s*(-?\d*\.?\d+)/);
    return found ? Number(found[1]) : NaN;
  };
  const compare = (numeric, sense) => ([a], [b]) => {
    if (numeric) {
      const [x, y] = [number(a), number(b)];
      if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
      return sense * (x - y);
    }
    if (!a || !b) return !a - !b;
    return sense * a.localeCompare(b, "en", { numeric: true });
  };
  all("table.sortable").forEach((table) => {
    const body = table.tBodies[0];
    const asWritten = [...body.rows];
    if (asWritten.length < 3) return;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
        heads.forEach((one) => { one.removeAttribute("aria-sort"); });
        if (next !== "none") head.setAttribute("aria-sort", next);
        const sense = next === "descending" ? -1 : 1;
        const keyed = asWritten.map((row) => [row.cells[column].textContent.trim().replace(/^[\u2013]$/, ""), row]);
        if (next !== "none") keyed.sort(compare(head.classList.contains("number"), sense));
        body.append(...keyed.map(([, row]) => row));
      });
    });
  });

  // Only what scrolls is a stop for the keyboard.
  const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const scrolls = target.scrollWidth > target.clientWidth;
    if (scrolls) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }));
  all(".scroll").forEach((box) => watcher.observe(box));
})();
