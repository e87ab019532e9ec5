// Small repairs that need the reader's browser.

// Paper is white, cannot be unfolded, and has the page's title at its foot; afterwards all is as it was.
let afterwards = [];
addEventListener("beforeprint", () => {
  const { theme } = document.documentElement.dataset;
  document.documentElement.dataset.theme = "light";
  const closed = [...document.querySelectorAll(".bd-article details:not([open])")];
  for (const reveal of closed) reveal.open = true;
  for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
  const foot = document.createElement("style");
  foot.textContent = "@page { @bottom-left { font: 8.5pt sans-serif; color: dimgrey; "
    + `content: ${JSON.stringify(document.title)}; } }`;
  document.head.append(foot);
  afterwards.push(() => {
    document.documentElement.dataset.theme = theme;
    for (const reveal of closed) reveal.open = false;
    foot.remove();
  });
});
addEventListener("afterprint", () => { while (afterwards.length) afterwards.pop()(); });

// What is wider than the screen scrolls, and so that it does by keyboard, it can be reached by Tab. First all is
// measured and then all is changed, or the page would be laid out once for each.
{
  const resized = new ResizeObserver((entries) => {
    const scrolls = entries.map(({ target }) => target.scrollWidth > target.clientWidth);
    entries.forEach(({ target }, k) => {
      if (scrolls[k] === target.hasAttribute("tabindex")) return;
      target.toggleAttribute("tabindex", scrolls[k]);
      if (scrolls[k]) target.tabIndex = 0;
      if (!target.matches(".formula")) return;
      target.role = scrolls[k] ? "group" : null;
      target.ariaLabel = scrolls[k] ? "Formula, scrolls sideways" : null;
    });
  });
  const wide = ".formula, pre:not([tabindex]), .cell_output > .output, .pst-scrollable-table-container";
  for (const each of document.querySelectorAll(`.bd-article :is(${wide})`)) resized.observe(each);
}

// A page that is opened at its top is laid out section by section, a frame for each, so that it answers meanwhile.
(async () => {
  const sections = document.querySelectorAll("[data-in-parts] .bd-article > section > section");
  const frame = () => new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 200);                    // a page that nobody sees has no frames
  });
  for (const section of sections) {
    await frame();
    section.dataset.laid = "";
  }
  await frame();
  delete document.documentElement.dataset.inParts;
})();
