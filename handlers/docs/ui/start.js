// A file and not a script in the page: the page's policy runs files of this origin only.
window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  // Without it, the document would be sent to validator.swagger.io on a public site.
  validatorUrl: null,
});
