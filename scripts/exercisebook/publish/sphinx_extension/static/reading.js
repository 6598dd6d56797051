// Formulae and tables wider than the page can be scrolled by keyboard; a link to a folded part
// unfolds it.
(() => {
  const WIDE = ".math.mathml, .table-scroll, .pst-scrollable-table-container, div.highlight pre, " +
    "div.cell_output .output";

  function reach(box) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else if (box.getAttribute("role") !== "region") box.removeAttribute("tabindex");
  }

  function unfold() {
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = place?.closest?.("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    if (place?.closest?.("details")) place.scrollIntoView();
  }

  // what is folded has no size, so unfolding is seen too
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
  document.querySelectorAll(WIDE).forEach((box) => sizes.observe(box));
  addEventListener("hashchange", unfold);
  unfold();
})();
