// The custom objects on standard input against what was made from their owners' types: CRDS. Unknown fields pass here;
// custom.schema.json refuses them.
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const packages = {
  "cert-manager.io": "cert-manager",
  "gateway.networking.k8s.io": "gateway-api",
  "monitoring.coreos.com": "prometheus-operator",
};

let wrong = 0;
const kinds = new Set();
for (const { at, object } of JSON.parse(readFileSync(0, "utf8"))) {
  const [group, version] = object.apiVersion.split("/");
  const path = `${process.argv[2]}/node_modules/@kubernetes-models/${packages[group]}/${group}/${version}/${object.kind}.js`;
  const models = await import(pathToFileURL(path));
  kinds.add(object.kind);
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    wrong += 1;
    console.log(`  WRONG ${at}: ${error.message}`);
  }
}
if (wrong === 0) console.log(`  ${[...kinds].sort().join(", ")}`);
process.exit(wrong === 0 ? 0 : 1);
