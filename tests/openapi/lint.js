// lint.js FILE: what Redocly's and Spectral's own rules say of it; nothing, and
// 0, when it is clean.
const { readFileSync } = require("node:fs");
const { createConfig, lint } = require("@redocly/openapi-core");
const { Document, Spectral } = require("@stoplight/spectral-core");
const { Json } = require("@stoplight/spectral-parsers");
const { oas } = require("@stoplight/spectral-rulesets");

async function redocly(file) {
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lint({ ref: file, config });
    return problems.map((problem) => `redocly ${problem.ruleId} ` +
        `${problem.location[0].pointer}: ${problem.message}`);
}

async function spectral(file) {
    const linter = new Spectral();
    linter.setRuleset(oas);
    const problems = await linter.run(
        new Document(readFileSync(file, "utf8"), Json, file));
    return problems.map((problem) => `spectral ${problem.code} ` +
        `${problem.path.join("/")}: ${problem.message}`);
}

async function main(file) {
    const found = [...await redocly(file), ...await spectral(file)];
    found.forEach((line) => console.log(line));
    process.exitCode = found.length === 0 ? 0 : 1;
}

main(process.argv[2]);
