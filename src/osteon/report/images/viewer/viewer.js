// Shows the images of `images.js` with the lesion as a drawing that can be corrected and saved. Nothing is sent anywhere.
"use strict";

(async () => {
  const { Niivue, NVImage } = window.niivue;
  const shown = window.osteonImages;
  const told = document.getElementById("told");
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

  const viewer = new Niivue({
    backColor: [0, 0, 0, 1], show3Dcrosshair: true, crosshairColor: [0.35, 0.75, 0.85, 0.8], isRadiologicalConvention: true,
    multiplanarShowRender: 1, multiplanarLayout: 2, crosshairWidth: 0.5, dragAndDropEnabled: false, logLevel: "silent", loadingText: "", penValue: 1,
  });
  try {
    await viewer.attachTo("canvas");
    viewer.addVolume(await NVImage.loadFromBase64({ base64: shown.image, name: "image.nii.gz" }));
  } catch (reason) {
    told.textContent = "This browser cannot show the images: the viewer needs WebGL 2. The report's figures work without it.";
    return;
  }
  if (shown.lesion) viewer.loadDrawing(await NVImage.loadFromBase64({ base64: shown.lesion, name: "lesion.nii.gz" }));
  else viewer.createEmptyDrawing();
  viewer.setDrawingEnabled(false);
  viewer.setDrawOpacity(0.45);
  viewer.setSliceType(viewer.sliceTypeMultiplanar);
  viewer.scene.crosshairPos = viewer.mm2frac(shown.center_ras_mm);
  viewer.drawScene();

  const tools = {
    look: () => viewer.setDrawingEnabled(false),
    draw: () => { viewer.setDrawingEnabled(true); viewer.setPenValue(1, false); },
    fill: () => { viewer.setDrawingEnabled(true); viewer.setPenValue(1, true); },
    erase: () => { viewer.setDrawingEnabled(true); viewer.setPenValue(0, false); },
  };
  const views = {
    all: viewer.sliceTypeMultiplanar, coronal: viewer.sliceTypeCoronal, sagittal: viewer.sliceTypeSagittal,
    axial: viewer.sliceTypeAxial, render: viewer.sliceTypeRender,
  };
  const volumeMl = () => {
    const voxel = viewer.volumes[0].pixDimsRAS.slice(1, 4).reduce((product, edge) => product * edge, 1);
    return viewer.drawBitmap.reduce((count, label) => count + (label > 0), 0) * voxel / 1000;
  };
  const tell = () => { told.textContent = `Marked: ${volumeMl().toFixed(2)} ml.`; };

  document.querySelectorAll("input[name=tool]").forEach((input) => input.addEventListener("change", () => tools[input.value]()));
  document.querySelectorAll("input[name=view]").forEach((input) => input.addEventListener("change", () => viewer.setSliceType(views[input.value])));
  document.getElementById("undo").addEventListener("click", () => { viewer.drawUndo(); tell(); });
  document.getElementById("interpolate").addEventListener("click", () => { viewer.interpolateMaskSlices(); tell(); });
  document.getElementById("save").addEventListener("click", () => viewer.saveImage({ filename: "lesion.nii.gz", isSaveDrawing: true, volumeByIndex: 0 }));
  ["left", "front", "up"].forEach((name, axis) => {
    const slider = document.getElementById(name);
    slider.value = String(Math.round(viewer.scene.crosshairPos[axis] * 100));
    slider.addEventListener("input", () => {
      viewer.scene.crosshairPos[axis] = Number(slider.value) / 100;
      viewer.drawScene();
    });
  });
  viewer.canvas.addEventListener("pointerup", () => requestAnimationFrame(tell));
  document.querySelectorAll("fieldset").forEach((set) => { set.disabled = false; });
  tell();
  window.osteonViewer = viewer;
})();
