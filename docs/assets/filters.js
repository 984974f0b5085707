// The filters of the list of rules. The choice is part of the address, so that it can be shared.
(() => {
  const form = document.getElementById("rule-filters");
  if (!form) return;

  const items = [...document.querySelectorAll(".rule-list > li")];
  const chapters = [...document.querySelectorAll(".rule-chapter")];
  const names = ["text", "chapter", "severity", "fix", "guardrail"];

  const matches = (item, wanted) =>
    wanted.text.split(/\s+/).every((word) => item.dataset.text.includes(word)) &&
    (!wanted.chapter || item.dataset.chapter === wanted.chapter) &&
    (!wanted.severity || item.dataset.severity === wanted.severity) &&
    (!wanted.fix || item.dataset.fix === wanted.fix || (wanted.fix === "any" && item.dataset.fix !== "none")) &&
    (!wanted.guardrail || item.dataset.guardrails.split(" ").includes(wanted.guardrail));

  const read = () => {
    const wanted = Object.fromEntries(names.map((name) => [name, form.elements[name].value.trim()]));
    wanted.text = wanted.text.toLowerCase();
    return wanted;
  };

  const show = () => {
    const wanted = read();
    let shown = 0;
    for (const item of items) {
      item.hidden = !matches(item, wanted);
      shown += item.hidden ? 0 : 1;
    }
    for (const chapter of chapters) {
      chapter.hidden = !chapter.querySelector(".rule-list > li:not([hidden])");
    }
    form.querySelector("output").textContent = `${shown} of ${items.length} rules`;
    return wanted;
  };

  const remember = (wanted) => {
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  };

  const query = new URLSearchParams(location.search);
  for (const name of names) {
    if (query.has(name)) form.elements[name].value = query.get(name);
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => remember(show()));
  form.addEventListener("reset", () => setTimeout(() => remember(show())));
  show();
})();
