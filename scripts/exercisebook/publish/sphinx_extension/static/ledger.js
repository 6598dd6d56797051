// Search and filters of the ledger. The table is complete without them; their state is in the
// address, so that a filtered ledger can be linked to.
(() => {
  const form = document.querySelector("form.ledger-filter");
  const rows = [...document.querySelectorAll("table.ledger tbody tr")];
  if (!form || !rows.length) return;

  const search = form.elements.q;
  const selects = [...form.querySelectorAll("select")];
  const count = form.querySelector(".ledger-count");
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\s+/g, " ").trim();
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));

  function shows(row) {
    const words = plain(search.value).split(" ").filter(Boolean);
    return selects.every((s) => !s.value || row.dataset[s.name] === s.value) &&
      words.every((word) => texts.get(row).includes(word));
  }

  function apply() {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !shows(row);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown ? `${shown} of ${rows.length} rows shown` : "no row fits; show all?";
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
