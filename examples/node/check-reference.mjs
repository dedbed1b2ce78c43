// Parses an AsyncAPI document and says what is wrong with it: node check-reference.mjs FILE
import { readFileSync } from "node:fs";
import asyncapi from "@asyncapi/parser";

const INFORMATION = 2; // 0 is an error, 1 a warning.
const { document, diagnostics } = await new asyncapi.Parser().parse(
  readFileSync(process.argv[2], "utf8"),
);
const problems = diagnostics.filter((one) => one.severity < INFORMATION);
for (const one of problems) console.error(`${one.path.join("/")}: ${one.message} (${one.code})`);
if (problems.length > 0 || document === undefined) process.exit(1);
console.log(`${document.allMessages().length} messages, ${document.allOperations().length} operations`);
