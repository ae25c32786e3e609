// Read C2PA labels with c2pa-ts, which shares no code with the library that Easel signs by.
import * as fs from 'node:fs/promises';
import { JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import { ManifestStore } from '@trustnxt/c2pa-ts/manifest';

for (const name of process.argv.slice(2)) {
  const bytes = await fs.readFile(name);
  const told = { name, has_label: false, is_valid: false, codes: [], assertions: [] };
  try {
    const Kind = [PNG, JPEG].find((each) => each.canRead(bytes));
    const asset = new Kind(bytes);
    const box = asset.getManifestJUMBF();
    if (box) {
      told.has_label = true;
      const store = ManifestStore.read(SuperBox.fromBuffer(box));
      const result = await store.validate(asset);
      told.is_valid = result.isValid;
      told.codes = result.statusEntries.filter((each) => !each.success).map((each) => each.code);
      told.assertions = store.getActiveManifest().assertions.assertions.map((each) => each.fullLabel);
    }
  } catch (error) {
    told.error = String(error);
  }
  console.log(JSON.stringify(told));
}
