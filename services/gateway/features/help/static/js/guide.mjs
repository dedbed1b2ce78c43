// Prints the guide with all its pictures: those below the fold may not be loaded yet.

const pictures = [...document.querySelectorAll(".impex-figure__picture")];

function wanted() {
  for (const picture of pictures) picture.loading = "eager";
}

// After the page the others are loaded too: the browser's own menu prints without waiting.
if (document.readyState === "complete") wanted();
else window.addEventListener("load", wanted);

document.getElementById("imprimer").addEventListener("click", async () => {
  wanted();
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  window.print();
});
