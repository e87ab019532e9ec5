// Small repairs that need the reader's browser.

// From disk, a browser forbids pages to read each other: show search results without their excerpts.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

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
