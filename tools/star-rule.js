import { join, posix, relative, sep } from 'node:path';

/** Parts that hold one folder for each of their kind; those folders do not know each other either. */
const KINDS = new Set(['sources', 'detectors', 'receivers', 'sinks']);

/**
 * Why a file may not import another, or null. Paths are relative to the repository, with slashes. A part, a folder of
 * `exporter/src`, imports only the contract, `lib` and itself; files beside the parts (`app.ts`, `main.ts`) and the commands
 * join them. The contract imports nothing of the exporter.
 * @param {string} from
 * @param {string} to
 */
export function forbidden(from, to) {
  if (from.startsWith('contract/')) return to.startsWith('contract/') ? null : 'the contract knows no part';
  const own = inside(from);
  if (own === null || own.part === null || own.part === 'commands') return null;
  const other = inside(to);
  if (other === null) return to.startsWith('contract/') ? 'import the contract as @remit/contract' : 'a part uses nothing outside exporter/src';
  if (other.part === 'lib') return null;
  if (other.part !== own.part) return `${own.part} may not know ${other.part ?? to}: app.ts joins the parts`;
  if (KINDS.has(own.part) && own.folder !== null && other.folder !== null && own.folder !== other.folder) {
    return `folders of ${own.part} do not know each other: share through a file beside them`;
  }
  return null;
}

/** @type {import('eslint').Rule.RuleModule} */
export default {
  meta: { type: 'problem', schema: [], messages: { star: 'The code is a star: {{why}}.' } },
  create(context) {
    const from = slashes(relative(context.cwd, context.filename));
    const check = (node) => {
      const name = node?.value;
      if (typeof name !== 'string') return;
      const to = name.startsWith('.') ? posix.join(posix.dirname(from), name)
        : name.startsWith('@remit/exporter') ? `exporter/src/${name.slice('@remit/exporter/'.length)}` : null;
      const why = to === null ? null : forbidden(from, to);
      if (why !== null) context.report({ node, messageId: 'star', data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    };
  },
};

function inside(path) {
  const prefix = join('exporter', 'src') + sep;
  if (!path.startsWith(slashes(prefix))) return null;
  const rest = path.slice(prefix.length).split('/');
  return { part: rest.length > 1 ? rest[0] : null, folder: rest.length > 2 ? rest[1] : null };
}

function slashes(path) { return path.split(sep).join('/'); }
