// The talk about an incident: calling people with @, and looking at what would leave before it does.
"use strict";
(() => {
  const csrfToken = document.querySelector('meta[name="csrf"]').content;
  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken },
      body: JSON.stringify(body),
    });
    const data = await answer.json();
    if (!answer.ok) throw refusal(answer, data);
    return data;
  };

  // While `@an` is typed only names that begin so are offered; Enter on one, or a click, puts it in.
  for (const names of document.querySelectorAll("[data-names]")) {
    const box = document.getElementById(names.dataset.names);
    const begun = () => /(?:^|\s)@([\w.-]*)$/u.exec(box.value.slice(0, box.selectionStart));
    box.addEventListener("input", () => {
      const typed = begun()?.[1].toLowerCase() ?? "";
      for (const each of names.querySelectorAll("[data-insert]")) {
        each.hidden = typed !== "" && !each.dataset.insert.slice(1).startsWith(typed);
      }
    });
    names.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-insert]");
      if (!chosen) return;
      const at = begun();
      const from = at ? box.selectionStart - at[1].length - 1 : box.selectionStart;
      box.setRangeText(`${chosen.dataset.insert} `, from, box.selectionStart, "end");
      box.focus();
      box.dispatchEvent(new Event("input"));
    });
  }

  const dialog = document.getElementById("talk-ask");
  if (!dialog) return;
  const part = (name) => dialog.querySelector(`[data-talk-${name}]`);
  let path = "";
  let places = {};
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-talk]");
    if (!button) return;
    path = button.dataset.talk;
    part("said").textContent = "";
    part("yes").disabled = true;
    dialog.showModal();
    try {
      const first = await post(`${path}/preview`, {});
      places = Object.fromEntries(first.spans.filter((s) => s.state === "ask").map((s) => [s.place, "hide"]));
      const shown = Object.keys(places).length ? await post(`${path}/preview`, { places }) : first;
      part("to").textContent = `${shown.asked_for.join(", ")}: ${shown.group}`;
      part("before").textContent = shown.before;
      part("after").textContent = shown.after;
      part("said").textContent = shown.reason;
      part("yes").disabled = shown.reason !== "";
    } catch (problem) {
      write(part("said"), problem.message, problem.more);
    }
  });
  part("no").addEventListener("click", () => dialog.close());
  part("yes").addEventListener("click", async () => {
    try {
      await post(`${path}/release`, { places });
      location.reload();
    } catch (problem) {
      write(part("said"), problem.message, problem.more);
    }
  });
})();
