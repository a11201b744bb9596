import { join } from 'node:path'
import { XmlDocument, XsdValidator } from 'libxml2-wasm'
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs'
import { readFileSync } from 'node:fs'

xmlRegisterFsInputProviders()
const url = join(import.meta.dirname, 'soap.xsd')
const schema = XmlDocument.fromString(readFileSync(url, 'utf8'), { url })
const validator = XsdValidator.fromDoc(schema)

/** What libxml2 finds wrong with a message by soap.xsd; empty when nothing. */
export function findSchemafouten (tekst: string): string[] {
  const document = XmlDocument.fromString(tekst)
  try {
    validator.validate(document)
    return []
  } catch (error) {
    return [(error as Error).message.trim()]
  } finally {
    document.dispose()
  }
}
