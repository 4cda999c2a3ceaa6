// The rule of six criteria by the reference engine cql-execution: one line of answers for each patient, then the seconds that
// reading and asking took, without the translation of the rule. Run in a folder with the packages (see cohort.py); FHIRHelpers
// holds only what this rule converts.
const { readFileSync, readdirSync } = require("node:fs");
const { gunzipSync } = require("node:zlib");
const path = require("node:path");
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const HELPERS = `library FHIRHelpers version '4.0.1'
using FHIR version '4.0.1'
define function ToString(value FHIR.string): value.value
define function ToString(value FHIR.code): value.value
define function ToString(value FHIR.MedicationRequestStatus): value.value
define function ToString(value FHIR.ObservationStatus): value.value
define function ToDecimal(value FHIR.decimal): value.value
define function ToDateTime(value FHIR.dateTime): value.value
define function ToString(value FHIR.uri): value.value
define function ToCode(coding FHIR.Coding): if coding is null then null else System.Code { code: coding.code.value, system: coding.system.value, version: coding.version.value, display: coding.display.value }
define function ToConcept(concept FHIR.CodeableConcept): if concept is null then null else System.Concept { codes: concept.coding C return ToCode(C), display: concept.text.value }
define function ToDate(value FHIR.date): value.value
`;
async function main(data) {
  const t = await import("@cqframework/cql/cql-to-elm");
  const models = new t.ModelManager();
  const { SystemModelInfoProvider } = await import("@cqframework/cql/cql");
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  const xml = readFileSync(path.join(__dirname, "node_modules/cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"), "utf8");
  models.modelInfoLoader.registerModelInfoProvider(t.createModelInfoProvider((id) => (id === "FHIR" ? t.stringAsSource(xml) : null)));
  const libraries = new t.LibraryManager(models);
  libraries.librarySourceLoader.registerProvider(t.createLibrarySourceProvider((id) => (id === "FHIRHelpers" ? t.stringAsSource(HELPERS) : null)));
  const elm = (text) => JSON.parse(t.CqlTranslator.fromText(text, libraries).toJson());
  const rule = elm(readFileSync(path.join(data, "cql_reference.cql"), "utf8"));
  const errors = (rule.library.annotation || []).filter((a) => a.errorSeverity === "error");
  if (errors.length) throw new Error(JSON.stringify(errors, null, 1));
  const repository = new cql.Repository({ FHIRHelpers: elm(HELPERS) });
  const library = new cql.Library(rule, repository);
  const sets = JSON.parse(readFileSync(path.join(data, "cql_reference_valuesets.json")));
  const codes = {};
  for (const [name, set] of Object.entries(sets)) codes[`urn:vs:${name}`] = { "": set.codes.map((code) => ({ code, system: set.system })) };
  const begin = performance.now();
  const bundles = new Map();
  for (const file of readdirSync(data).filter((f) => f.endsWith(".ndjson.gz"))) {
    for (const line of gunzipSync(readFileSync(path.join(data, file))).toString().split("\n")) {
      if (!line) continue;
      const r = JSON.parse(line);
      const id = r.resourceType === "Patient" ? r.id : (r.subject || r.patient).reference.split("/")[1];
      if (!bundles.has(id)) bundles.set(id, { resourceType: "Bundle", type: "collection", entry: [] });
      bundles.get(id).entry.push({ resource: r });
    }
  }
  const source = fhir.PatientSource.FHIRv401();
  const executor = new cql.Executor(library, new cql.CodeService(codes));
  for (const [id, bundle] of bundles) {
    source.loadBundles([bundle]);
    const got = (await executor.exec(source)).patientResults[id];
    const out = { patient: id };
    for (const key of ["C1", "C2", "C3", "C4", "C5", "C6", "Eligible"]) out[key] = got[key] ?? null;
    console.log(JSON.stringify(out));
    source.reset && source.reset();
  }
  console.log(JSON.stringify({ seconds: (performance.now() - begin) / 1000 }));
}
main(process.argv[2]);
