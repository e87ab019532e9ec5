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

// A formula that is wider than the screen scrolls, and so that it does by keyboard, it can be reached by Tab.
{
  const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const scrolls = target.scrollWidth > target.clientWidth;
    if (scrolls === target.hasAttribute("tabindex")) return;
    target.toggleAttribute("tabindex", scrolls);
    if (scrolls) target.tabIndex = 0;
    target.role = scrolls ? "group" : null;
    target.ariaLabel = scrolls ? "Formula, scrolls sideways" : null;
  }));
  for (const formula of document.querySelectorAll(".bd-article .formula")) resized.observe(formula);
}
