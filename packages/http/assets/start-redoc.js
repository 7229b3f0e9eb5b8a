// Starts ReDoc on the document that the script tag names; nothing is loaded from elsewhere.
const { document: url } = document.currentScript.dataset;
Redoc.init(url, { hideLoading: true, disableSearch: false }, document.getElementById("app"));
