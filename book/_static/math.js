// Copied text has the TeX of its equations, each of them whole.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed) return;
  const range = selection.getRangeAt(0).cloneRange();
  const end = range.endContainer;
  const last = (end.closest ? end : end.parentElement).closest("math");
  if (last) range.setEndAfter(last);
  const copy = document.createElement("div");
  copy.append(range.cloneContents());
  const equations = copy.querySelectorAll("math");
  if (!equations.length) return;
  for (const equation of equations) {
    const mark = equation.getAttribute("display") === "block" ? "$$" : "$";
    equation.replaceWith(mark + equation.querySelector("annotation").textContent + mark);
  }
  for (const aid of copy.querySelectorAll("button, .headerlink")) aid.remove();
  // Only what is on the page has lines and paragraphs.
  document.body.append(copy);
  event.clipboardData.setData("text/plain", copy.innerText);
  event.clipboardData.setData("text/html", copy.innerHTML);
  copy.remove();
  event.preventDefault();
});
