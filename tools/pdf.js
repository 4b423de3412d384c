// Join the pages of the book behind a title page and a table of contents, in place of the page
// that is open. Each page's anchors get its name in front, and links between pages become links
// within the document. The function gets the address of the book, its parts as [caption, [page, …]],
// the lines below the title, and the ids of the sections that it keeps of a page, or none for all.
async ([home, parts, edition, kept]) => {
  const names = new Map();
  for (const page of parts.flatMap(([, pages]) => pages)) {
    names.set(`${home}${page}.html`, page.split("/").at(-1));
  }
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const whole = element("div");
  const contents = element("nav", { className: "book-contents" }, element("h1", {}, "Contents"));
  for (const [caption, pages] of parts) {
    if (caption) contents.append(element("p", { className: "caption" }, caption));
    const list = element("ul");
    contents.append(list);
    for (const page of pages) {
      const address = `${home}${page}.html`;
      const name = names.get(address);
      const text = await (await fetch(address)).text();
      const parsed = new DOMParser().parseFromString(text, "text/html");
      document.head.append(...parsed.querySelectorAll("head > style"));
      const part = parsed.querySelector("article.bd-article");
      part.querySelectorAll("script, .headerlink").forEach((each) => each.remove());
      for (const section of kept.length ? [...part.querySelector("h1").parentElement.children] : [])
        if (section.localName !== "h1" && !kept.includes(section.id)) section.remove();
      for (const each of part.querySelectorAll("[id]")) each.id = `${name}--${each.id}`;
      for (const link of part.querySelectorAll("a[href]")) {
        const { origin, pathname, hash, href } = new URL(link.getAttribute("href"), address);
        const other = names.get(origin + pathname);
        if (!other) link.href = href;
        else link.setAttribute("href", hash ? `#${other}--${hash.slice(1)}` : `#${other}`);
      }
      for (const image of part.querySelectorAll("img")) {
        image.src = new URL(image.getAttribute("src"), address).href;
        image.loading = "eager";
      }
      const title = part.querySelector("h1").textContent.trim();
      list.append(
        element("li", {}, element("a", { href: `#${name}` }, title), element("span", { className: "page" }, "000")),
      );
      part.id = name;
      part.classList.add("book-part");
      whole.append(part);
    }
  }
  const mark = document.querySelector('link[rel="icon"]').href;
  const title = document.querySelector(".logo__title").textContent;
  document.title = title;
  document.body.replaceChildren(
    element(
      "div",
      { className: "book-title" },
      element("img", { src: mark, alt: "" }),
      element("p", { className: "title" }, title),
      ...edition.map((line) => element("p", {}, line)),
    ),
    contents,
    whole,
  );
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}
