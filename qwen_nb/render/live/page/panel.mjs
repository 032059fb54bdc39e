// The panel's own lines, and what only the page can give to the controls above them: one
// name for them all, and keys that stay among them.

function line(el, name, attributes = {}) {
  const node = document.createElement("div");
  node.className = name;
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  el.append(node);
  return node;
}

// Lumino listens for keys outside: D D on a focused button would delete the cell.
function keepKeys(root) {
  root.addEventListener("keydown", (event) => event.stopPropagation());
  root.addEventListener("focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"));
}

function render({ model, el }) {
  el.classList.add("qn-notice");
  const heading = line(el, "qn-heading"), usage = line(el, "qn-used");
  const message = line(el, "qn-message", { role: "status", "aria-live": "polite" });
  let root = null;

  function show() {
    heading.textContent = model.get("heading");
    usage.textContent = model.get("usage");
    message.textContent = model.get("message");
    message.classList.toggle("qn-failed", model.get("failed"));
    root?.setAttribute("aria-label", model.get("label"));
  }

  // The boxes around come into the page after what is in them.
  let waiting = requestAnimationFrame(function settle() {
    root = el.closest(".qn-panel");
    if (!root) return void (waiting = requestAnimationFrame(settle));
    root.setAttribute("role", "group");
    keepKeys(root);
    show();
  });
  show();
  model.on("change", show);
  return () => {
    cancelAnimationFrame(waiting);
    model.off("change", show);
  };
}

export default { render };
