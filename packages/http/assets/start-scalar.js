// Starts Scalar on the document that the script tag names; nothing is loaded from elsewhere.
const { document: url } = document.currentScript.dataset;
Scalar.createApiReference("#app", {
  url,
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
});
