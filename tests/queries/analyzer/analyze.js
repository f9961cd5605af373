// Analyses KQL with Microsoft's language service.
// stdin: {"tables": {name: {column: type}}, "queries": {name: text}}; stdout: {name: ["code message", …]}
"use strict";

require("@kusto/language-service-next/bridge.min");
require("@kusto/language-service-next/Kusto.Language.Bridge.min");

const { KustoCode, GlobalState, Symbols } = Kusto.Language;
const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf8"));

const symbols = Object.entries(tables).map(([name, columns]) => {
  const schema = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return Symbols.TableSymbol.From(`(${schema.join(", ")})`).WithName(name);
});
const database = new Symbols.DatabaseSymbol.$ctor3("workspace", null, symbols, false);
const globals = GlobalState.Default.WithDatabase(database);

const found = {};
for (const [name, text] of Object.entries(queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  found[name] = Array.from({ length: diagnostics.Count }, (_, i) => {
    const { Code, Message } = diagnostics.getItem(i);
    return `${Code} ${Message}`;
  });
}
process.stdout.write(JSON.stringify(found));
