// Starts Swagger UI on the document that the page names. A file of its own: the page's policy forbids inline script.
const page = document.getElementById("swagger-ui");
window.ui = SwaggerUIBundle({
  domNode: page,
  url: page.dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
