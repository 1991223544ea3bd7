// The only file that must parse on any Node: it says which Node is needed, with the command that mends it.
const [major, minor] = process.versions.node.split('.').map(Number);
const enough = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
if (!enough) {
  console.error(
    `Quorate needs Node ^20.19 or >=22.12 and this is ${process.versions.node}: install one with \`nvm install 22\`.`,
  );
  process.exit(1);
}
