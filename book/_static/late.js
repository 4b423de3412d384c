// Menus, tooltips and the mark on the section being read can wait until the page is there.
addEventListener("load", () => {
  const script = document.createElement("script");
  script.src = `${document.documentElement.dataset.content_root}_static/scripts/bootstrap.js`;
  // It would look for the list to mark while the page loads, which is over.
  script.addEventListener("load", () => {
    if (document.body.dataset.bsSpy) bootstrap.ScrollSpy.getOrCreateInstance(document.body);
  });
  document.head.append(script);
});
