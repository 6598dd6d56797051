// Draws each chart over its static image, once it comes near the window.
(() => {
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  const CANVAS_ABOVE_ROWS = 1500;
  let bundle = null;

  function loadBundle() {
    bundle ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = base + "vega-bundle.js";
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    });
    return bundle;
  }

  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "dark" || chosen === "light") return chosen === "dark";
    return matchMedia("(prefers-color-scheme: dark)").matches;
  }

  const DARK = {
    background: "transparent",
    axis: {gridColor: "#3a3f47", tickColor: "#9aa4b2", labelColor: "#e6e6e6", titleColor: "#ffffff"},
    legend: {labelColor: "#e6e6e6", titleColor: "#ffffff"},
    header: {labelColor: "#e6e6e6", titleColor: "#ffffff"},
    title: {color: "#ffffff"},
  };

  // ink on paper becomes paper on ink; the accents are lightened to keep their contrast
  const DARK_COLOURS = {"#3d4551": "#d5dbe3", "#dfe3e8": "#3a3f47", "#0072b2": "#4db3e6", "#d55e00": "#ff8f40", "#009e73": "#35c79b", "#8a93a0": "#98a2b0", "#aa4499": "#d98cc9"};
  const KEPT_LIGHT = /fig-detection/;

  function specFor(box) {
    const text = box.querySelector("script.vl-spec").textContent;
    if (!isDark()) return JSON.parse(text);
    const plain = JSON.parse(text);
    if (KEPT_LIGHT.test(plain.usermeta?.name ?? "")) return plain;
    return JSON.parse(text.replace(/#[0-9a-f]{6}/g, (colour) => DARK_COLOURS[colour] ?? colour));
  }

  const NARROW = 480;
  const COMMA = "lastindexof(datum.label, ', ')";
  const AT_COMMA = `length(datum.label) < 19 || ${COMMA} < 0 ? datum.label : ` +
    `[slice(datum.label, 0, ${COMMA}), slice(datum.label, ${COMMA} + 2)]`;

  // on a phone long names break at their comma, long titles in their middle
  function narrowed(part) {
    if (Array.isArray(part)) return part.map(narrowed);
    if (part === null || typeof part !== "object") return part;
    const copy = Object.fromEntries(
      Object.entries(part).map(([key, value]) => [key, key === "datasets" ? value : narrowed(value)]));
    if (copy.x && typeof copy.x.title === "string") copy.x.title = inTwo(copy.x.title);
    if (copy.y?.type === "nominal" && copy.y.axis !== null) {
      copy.y.axis = {...copy.y.axis, labelExpr: AT_COMMA};
    }
    if (copy.color?.legend) copy.color.legend.labelExpr = AT_COMMA;
    return copy;
  }

  function inTwo(title) {
    if (title.length < 34) return title;
    const gaps = [...title.matchAll(/ /g)].map((match) => match.index);
    const middle = gaps.reduce((best, at) =>
      Math.abs(at - title.length / 2) < Math.abs(best - title.length / 2) ? at : best);
    return [title.slice(0, middle), title.slice(middle + 1)];
  }

  const views = new Map();

  async function draw(box) {
    const embed = await loadBundle();
    let target = box.querySelector(".vl-live");
    if (!target) {
      target = document.createElement("div");
      target.className = "vl-live";
      box.querySelector(".vl-box").prepend(target);
    }
    const spec = box.clientWidth < NARROW ? narrowed(specFor(box)) : specFor(box);
    const rows = Object.values(spec.datasets ?? {}).reduce((n, d) => n + (d.length ?? 0), 0);
    views.get(box)?.finalize();
    const result = await embed(target, spec, {
      renderer: rows > CANVAS_ABOVE_ROWS ? "canvas" : "svg",
      actions: false,
      config: isDark() ? DARK : {background: "transparent"},
    });
    views.set(box, result);
    box.classList.add("vl-ready");
  }

  const near = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      near.unobserve(entry.target);
      draw(entry.target).catch((error) => console.error(error));
    }),
    {rootMargin: "600px"},
  );
  document.querySelectorAll(".vl-chart").forEach((box) => near.observe(box));

  let last = isDark();
  new MutationObserver(() => {
    if (isDark() === last) return;
    last = isDark();
    views.forEach((_, box) => draw(box));
  }).observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
})();
