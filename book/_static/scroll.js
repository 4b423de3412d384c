// What scrolls can be reached and scrolled by keyboard; what fits is passed over. All boxes are
// measured before any is changed: a change would have the page laid out anew.
const watch = new ResizeObserver((entries) => {
  const boxes = entries.map(({ target }) => [target, target.scrollWidth > target.clientWidth]);
  for (const [box, scrolls] of boxes) {
    if (scrolls) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
});
const scrolling =
  "pre, .cell_output > .output, .pst-scrollable-table-container, .equation > div, math:not([display])";
for (const box of document.querySelectorAll(scrolling)) watch.observe(box);

// The theme marks the section being read, in a list that a narrow page does not show. To find out
// which it is, all sections have to be laid out.
if (!matchMedia("(min-width: 1200px)").matches) document.body.removeAttribute("data-bs-spy");

// Once the page is there, its sections are laid out, in one short task each.
const sections = document.querySelectorAll(".bd-article > section > section");
const layOut = (index) => {
  if (index === sections.length) return;
  sections[index].style.contentVisibility = "visible";
  setTimeout(layOut, 50, index + 1);
};
addEventListener("load", () => setTimeout(layOut, 50, 0));
