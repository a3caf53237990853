(() => {
  const filter = document.querySelector(".filter");
  const words = filter.querySelector("input[type=search]");
  const open = filter.querySelector("input[type=checkbox]");
  const found = filter.querySelector("output");
  const rows = [...document.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [row, text] of rows) {
      const done = row.className === "covered" || row.className === "sent";
      row.hidden = (open.checked && done) || !wanted.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    for (const section of document.querySelectorAll("main section")) {
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
    }
    found.textContent = `${count} of ${rows.length} lines`;
  };
  // What a link leads to is there, whatever was filtered.
  const reveal = () => {
    const row = location.hash && document.getElementById(location.hash.slice(1));
    if (!row?.hidden) return;
    words.value = "";
    open.checked = false;
    show();
    row.scrollIntoView({block: "center"});
  };
  addEventListener("hashchange", reveal);
  filter.hidden = false;
  filter.addEventListener("input", show);
  show();
})();
