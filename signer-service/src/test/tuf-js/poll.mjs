// Polls a repository with tuf-js until its standard input ends: as a client that follows, and as
// one that comes for the first time. Says the version of each timestamp that it trusts, in order;
// the first thing that is wrong ends it.
import fs from 'node:fs';
import path from 'node:path';
import { Updater } from 'tuf-js';

const [base, work, target] = process.argv.slice(2);
let highest = 0;
let going = true;
process.stdin.on('end', () => (going = false)).resume();

function client(name) {
  const metadataDir = path.join(work, name);
  if (!fs.existsSync(metadataDir)) {
    fs.mkdirSync(metadataDir, { recursive: true });
    fs.copyFileSync(path.join(work, 'root.json'), path.join(metadataDir, 'root.json'));
  }
  return metadataDir;
}

async function poll(name) {
  const metadataDir = client(name);
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: base + 'metadata',
    targetDir: work,
    targetBaseUrl: base + 'targets',
    config: { fetchRetries: 0, fetchRetry: 0 },
  });
  const info = await updater.getTargetInfo(target);
  if (info === undefined) {
    throw new Error(target + ' is not listed');
  }
  await updater.downloadTarget(info, path.join(work, name + '.target'));
  const stamp = JSON.parse(fs.readFileSync(path.join(metadataDir, 'timestamp.json')));
  if (stamp.signed.version < highest) {
    throw new Error(`timestamp ${stamp.signed.version} after ${highest}`);
  }
  highest = stamp.signed.version;
}

let polls = 0;
while (going) {
  await poll('follows');
  await poll('fresh');
  fs.rmSync(path.join(work, 'fresh'), { recursive: true });
  console.log(`${++polls} ${highest}`);
}
console.log('well');
