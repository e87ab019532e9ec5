// Small repairs that need the reader's browser.

// On paper nothing can be unfolded: open every reveal for the print, then close again those that were closed.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll(".bd-article details:not([open])")];
  for (const reveal of unfolded) reveal.open = true;
  for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
});
addEventListener("afterprint", () => {
  for (const reveal of unfolded) reveal.open = false;
});

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
