"use strict";

if (window.SwaggerUIBundle)
	window.ui = SwaggerUIBundle({
		url: "/openapi.json",
		dom_id: "#swagger-ui",
		deepLinking: true,
		presets: [SwaggerUIBundle.presets.apis],
		layout: "BaseLayout",
		tryItOutEnabled: true,
		validatorUrl: null,
	});
