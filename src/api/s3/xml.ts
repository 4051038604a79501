/** S3's XML, written and read. */
import { XMLParser } from 'fast-xml-parser'
import { S3Error } from './errors.ts'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** Element name → text, nested elements, or several of one name. `undefined` is left out. */
export type XmlNode = string | number | boolean | XmlTree | readonly XmlNode[] | undefined
export interface XmlTree {
  readonly [name: string]: XmlNode
}

export function renderXml(root: string, tree: XmlTree): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${render(tree)}</${root}>`
}

/** Errors carry no namespace. */
export function renderErrorXml(tree: XmlTree): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${render(tree)}</Error>`
}

function render(tree: XmlTree): string {
  return Object.entries(tree)
    .flatMap(([name, node]) => (Array.isArray(node) ? node : [node]).map((item) => element(name, item)))
    .join('')
}

function element(name: string, node: XmlNode): string {
  if (node === undefined) return ''
  const inner = typeof node === 'object' ? render(node as XmlTree) : escapeXml(String(node))
  return `<${name}>${inner}</${name}>`
}

/** Control characters become references, as S3 sends them; clients that can't read those ask for encoding-type=url. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\p{Cc}\ufffe\uffff]/gu, (c) => {
    const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
    return named[c] ?? `&#x${c.codePointAt(0)?.toString(16)};`
  })
}

// htmlEntities: numeric character references, too, which some clients use for what XML can't hold.
const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false, htmlEntities: true })

/**
 * The document's root element as nested objects of strings; a repeated element is an array.
 * @throws {S3Error} `MalformedXML`. Declarations are refused: they could define entities that expand without end.
 */
export function parseXml(document: string, root: string): Record<string, unknown> {
  if (document.includes('<!')) throw new S3Error('MalformedXML', 'declarations are not allowed')
  try {
    const tree: unknown = parser.parse(document, true)
    const element = (tree as Record<string, unknown>)[root]
    if (typeof element === 'object' && element !== null) return element as Record<string, unknown>
  } catch (cause) {
    throw new S3Error('MalformedXML', 'the body is not well-formed', { cause })
  }
  throw new S3Error('MalformedXML', `expected a ${root} document`)
}

/** One, several or no elements as a list. */
export function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}
