// Prints the guide with all its pictures: those that nobody has scrolled to may not be there yet.

const pictures = [...document.querySelectorAll(".impex-figure__picture")];

function wanted() {
  for (const picture of pictures) picture.loading = "eager";
}

// Once the page is there the others may come too: the browser's own menu prints without waiting.
if (document.readyState === "complete") wanted();
else window.addEventListener("load", wanted);

document.getElementById("imprimer").addEventListener("click", async () => {
  wanted();
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  window.print();
});
