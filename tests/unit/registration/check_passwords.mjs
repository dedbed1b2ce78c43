// Runs the page's interpreter over a table given on standard input, for the tests.
import { evaluate, strength, fold } from "../../../services/gateway/static/js/password-rules.mjs";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { rules, table } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
const answers = table.map((row) => {
  const candidate = {
    password: row.password,
    firstName: row.first_name,
    lastName: row.last_name,
    address: row.address,
  };
  return {
    verdicts: evaluate(rules, candidate),
    strength: strength(rules, candidate),
    folded: fold(rules, row.password),
  };
});
process.stdout.write(JSON.stringify(answers));
