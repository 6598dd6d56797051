// Search and filters of the ledger. The table is complete without them; their state is in the
// address, so that a filtered ledger can be linked to.
(() => {
  const form = document.querySelector("form.ledger-filter");
  const rows = [...document.querySelectorAll("table.ledger tbody tr")];
  if (!form || !rows.length) return;

  const search = form.elements.q;
  const selects = [...form.querySelectorAll("select")];
  const count = form.querySelector(".ledger-count");
  const GREEK = {
    α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ζ: "zeta", η: "eta", θ: "theta",
    ι: "iota", κ: "kappa", λ: "lambda", μ: "mu", ν: "nu", ξ: "xi", ο: "omicron", π: "pi",
    ρ: "rho", σ: "sigma", ς: "sigma", τ: "tau", υ: "upsilon", φ: "phi", χ: "chi", ψ: "psi",
    ω: "omega",
  };
  const spelt = (text) => text.toLowerCase().normalize("NFKD")
    .replace(/[α-ω]/g, (letter) => GREEK[letter]).replace(/[‐‑‒–−]/g, "-")
    .replace(/\s+/g, " ").trim();
  const plain = (text) => spelt(text).replaceAll("-", "");
  const tight = (text) => plain(text).replaceAll(" ", "");
  const names = new Map(rows.map((row) => [row, row.dataset.names.split("|").map(tight)]));
  const known = new Set([...names.values()].flat());
  const texts = new Map(rows.map((row) =>
    [row, [plain(row.textContent), ...names.get(row)].join(" ")]));

  // of the words typed, those that make a name together are one: "IL 6"
  function joined(words) {
    for (let n = words.length; n > 1; n--) {
      for (let i = 0; i + n <= words.length; i++) {
        const name = words.slice(i, i + n).join("-");
        if (known.has(plain(name))) {
          return [...joined(words.slice(0, i)), name, ...joined(words.slice(i + n))];
        }
      }
    }
    return words;
  }

  // a hyphen typed may be none or a space in the text; "S1-7" is S1-07
  function fits(text, word) {
    const [, part, number] = /^s(\d)-(\d)$/.exec(word) ?? [];
    if (part) return text.includes(`s${part}0${number}`);
    return text.includes(plain(word)) || text.includes(word.replaceAll("-", " ").trim());
  }

  function apply() {
    const words = joined(spelt(search.value).split(" ").filter((word) => plain(word)));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !selects.every((s) => !s.value || row.dataset[s.name] === s.value) ||
        !words.every((word) => fits(texts.get(row), word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown ? `${shown} of ${rows.length} rows shown` : "no row fits ";
    if (!shown) {
      const all = document.createElement("button");
      all.type = "reset";
      all.textContent = "Show all rows";
      count.append(all);
    }
  }

  function address() {
    const state = new URLSearchParams();
    for (const field of [search, ...selects]) if (field.value) state.set(field.name, field.value);
    return state.size ? "#" + state : "";
  }

  function remember() {
    history.replaceState(null, "", address() || location.pathname + location.search);
  }

  // an address with "=" is a filter; any other is a place on the page, which must not be hidden
  function read() {
    const hash = decodeURIComponent(location.hash.slice(1));
    const filter = hash.includes("=");
    const state = new URLSearchParams(filter ? location.hash.slice(1) : "");
    if (filter || rows.some((row) => row.id === hash)) {
      search.value = state.get("q") ?? "";
      for (const s of selects) {
        const wanted = state.get(s.name) ?? "";
        s.value = [...s.options].some((option) => option.value === wanted) ? wanted : "";
      }
    }
    apply();
    if (filter) form.scrollIntoView({block: "start"});
    else if (hash) document.getElementById(hash)?.scrollIntoView();
  }

  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); search.focus(); }));
  addEventListener("hashchange", read);
  form.hidden = false;
  read();
})();
