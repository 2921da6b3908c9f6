const KEY = "ccat-reloaded-for";

/** Load the page again, once, when a part of it is gone: a newer version was put in its place. */
export function reloadOnceWhenChunksAreGone(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (sessionStorage.getItem(KEY) === location.href) return;
    sessionStorage.setItem(KEY, location.href);
    event.preventDefault();
    location.reload();
  });
}
