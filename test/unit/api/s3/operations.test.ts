/** The endpoint's operations as S3 clients see them: listings, conditions, ranges, copies, bulk deletes, multipart. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openFolderStore } from '../../../../src/storage/disk/folder-store.ts'
import { plainRequest } from '../../../support/http.ts'
import { type OwnS3, startOwnS3, TEST_KEYS } from '../../../support/servers/own-s3.ts'
import { signS3 } from '../../../support/sign.ts'

const codeOf = (body: Buffer) => /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1]
const all = (body: Buffer, element: string) =>
  [...body.toString().matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'g'))].map((match) => match[1])
const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/\u{10ffff}', 'e/\u{10ffff}z', 'f']

describe('operations', () => {
  let own: OwnS3
  before(async () => {
    own = await startOwnS3()
    for (const key of KEYS)
      assert.equal((await send('PUT', `/unit/${encodeURIComponent(key)}`, { body: key })).status, 200)
  })
  after(() => own.close())

  const send = (
    method: string,
    path: string,
    { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
  ) => {
    const url = own.server.url + path
    const data = body === undefined ? undefined : Buffer.from(body)
    const signed = signS3({ method, url, headers, keys: TEST_KEYS, ...(data && { body: data }) })
    const length = data ? { 'content-length': String(data.length) } : {}
    return plainRequest(url, { method, headers: { ...signed.headers, ...length }, ...(data && { body: data }) })
  }

  it('default', async () => {
    const answer = await send('GET', '/unit?list-type=2')
    assert.equal(answer.headers['content-type'], 'application/xml')
    assert.deepEqual(all(answer.body, 'Key'), KEYS)
    assert.deepEqual(all(answer.body, 'IsTruncated'), ['false'])
  })

  it('behavior: a delimiter folds keys, also across pages', async () => {
    const folded = ['a', 'b/', 'd', 'e/', 'f']
    for (const maxKeys of [1, 2, 3, 5, 1000]) {
      const seen: (string | undefined)[] = []
      for (let token = ''; ; ) {
        const paging = token === '' ? '' : `continuation-token=${token}&`
        const { body } = await send('GET', `/unit?${paging}delimiter=%2F&list-type=2&max-keys=${maxKeys}`)
        const entries = [...all(body, 'Key'), ...all(body, 'CommonPrefixes').map((p) => p?.replace(/<.*?>/g, ''))]
        assert.ok(entries.length <= maxKeys)
        seen.push(...entries.sort())
        const next = all(body, 'NextContinuationToken')[0]
        if (next === undefined) break
        token = next
      }
      assert.deepEqual(seen, folded, `max-keys ${maxKeys}`)
    }
  })

  it('behavior: version 1 pages by marker', async () => {
    const first = await send('GET', '/unit?max-keys=3')
    assert.deepEqual(all(first.body, 'Key'), KEYS.slice(0, 3))
    assert.deepEqual(all(first.body, 'IsTruncated'), ['true'])
    const rest = await send('GET', '/unit?marker=b%2F2')
    assert.deepEqual(all(rest.body, 'Key'), KEYS.slice(3))
    const folded = await send('GET', '/unit?delimiter=%2F&max-keys=2')
    assert.deepEqual(all(folded.body, 'NextMarker'), ['b/'])
    const behind = await send('GET', '/unit?delimiter=%2F&marker=b%2F')
    assert.deepEqual(all(behind.body, 'Key'), ['d', 'f'])
  })

  it('behavior: start-after, prefix, no keys at all, and url encoding', async () => {
    const after = await send('GET', '/unit?list-type=2&prefix=b%2F&start-after=b%2F1')
    assert.deepEqual(all(after.body, 'Key'), ['b/2', 'b/c/3'])
    const none = await send('GET', '/unit?list-type=2&max-keys=0')
    assert.deepEqual([all(none.body, 'Key'), all(none.body, 'IsTruncated')], [[], ['false']])
    const encoded = await send('GET', '/unit?encoding-type=url&list-type=2&prefix=e%2F')
    assert.deepEqual(all(encoded.body, 'Key'), ['e/%F4%8F%BF%BF', 'e/%F4%8F%BF%BFz'])
  })

  it('error: list parameters that make no sense', async () => {
    for (const query of ['max-keys=-1', 'max-keys=x', 'encoding-type=base64', 'continuation-token=%21&list-type=2'])
      assert.equal(codeOf((await send('GET', `/unit?${query}`)).body), 'InvalidArgument', query)
  })

  it('behavior: ranges', async () => {
    await send('PUT', '/unit/range', { body: '0123456789' })
    const cases: [string, number, string, string | undefined][] = [
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=-20', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
      ['bytes=3-1', 200, '0123456789', undefined],
      ['bytes=0-1,3-4', 200, '0123456789', undefined],
      ['lines=1-2', 200, '0123456789', undefined],
    ]
    for (const [range, status, body, contentRange] of cases) {
      const answer = await send('GET', '/unit/range', { headers: { range } })
      assert.deepEqual(
        [answer.status, answer.body.toString(), answer.headers['content-range']],
        [status, body, contentRange],
      )
      const head = await send('HEAD', '/unit/range', { headers: { range } })
      assert.deepEqual([head.status, head.headers['content-length']], [status, String(body.length)])
    }
    const outside = await send('GET', '/unit/range', { headers: { range: 'bytes=10-' } })
    assert.deepEqual([outside.status, codeOf(outside.body)], [416, 'InvalidRange'])
  })

  it('behavior: conditions', async () => {
    const etag = String((await send('PUT', '/unit/cond', { body: 'x' })).headers.etag)
    const modified = String((await send('HEAD', '/unit/cond')).headers['last-modified'])
    const long = new Date(0).toUTCString()
    const cases: [Record<string, string>, number][] = [
      [{ 'if-match': etag }, 200],
      [{ 'if-match': '"other", *' }, 200],
      [{ 'if-match': '"other"' }, 412],
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': long }, 200],
      [{ 'if-unmodified-since': long }, 412],
      [{ 'if-match': etag, 'if-unmodified-since': long }, 200],
    ]
    for (const [headers, status] of cases) {
      assert.equal((await send('GET', '/unit/cond', { headers })).status, status, JSON.stringify(headers))
      assert.equal((await send('HEAD', '/unit/cond', { headers })).status, status, JSON.stringify(headers))
    }
    assert.equal((await send('PUT', '/unit/cond', { body: 'y', headers: { 'if-none-match': '*' } })).status, 412)
    assert.equal((await send('PUT', '/unit/cond', { body: 'y', headers: { 'if-match': etag } })).status, 200)
  })

  it('behavior: a copy carries data and metadata, or takes new metadata', async () => {
    const headers = { 'x-amz-meta-note': 'kept', 'content-type': 'text/x' }
    await send('PUT', '/unit/source', { body: 'copied', headers })
    const copy = { 'x-amz-copy-source': '/unit/source' }
    assert.equal((await send('PUT', '/unit/copy', { headers: copy })).status, 200)
    const same = await send('GET', '/unit/copy')
    assert.deepEqual(
      [same.body.toString(), same.headers['x-amz-meta-note'], same.headers['content-type']],
      ['copied', 'kept', 'text/x'],
    )
    const replaced = { ...copy, 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-note': 'new' }
    await send('PUT', '/unit/copy', { headers: replaced })
    assert.equal((await send('HEAD', '/unit/copy')).headers['x-amz-meta-note'], 'new')
    const missing = await send('PUT', '/unit/copy', { headers: { 'x-amz-copy-source': '/unit/nowhere' } })
    assert.equal(codeOf(missing.body), 'NoSuchKey')
  })

  it('behavior: bulk delete', async () => {
    for (const key of ['x1', 'x2']) await send('PUT', `/unit/${key}`, { body: key })
    const body =
      '<Delete><Object><Key>x1</Key></Object><Object><Key>x&#50;</Key></Object><Object><Key>none</Key></Object></Delete>'
    const answer = await send('POST', '/unit?delete=', { body })
    assert.deepEqual(all(answer.body, 'Key'), ['x1', 'x2', 'none'])
    assert.equal((await send('HEAD', '/unit/x1')).status, 404)
    assert.equal((await send('HEAD', '/unit/x2')).status, 404)
  })

  it('error: documents that are not what they should be', async () => {
    const bomb =
      '<!DOCTYPE d [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
    const many = `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>`
    for (const body of ['', 'text', '<Delete>', '<Other/>', '<Delete><Object/></Delete>', bomb, many])
      assert.equal(codeOf((await send('POST', '/unit?delete=', { body })).body), 'MalformedXML', body.slice(0, 40))
  })

  it('behavior: buckets', async () => {
    assert.deepEqual(all((await send('GET', '/')).body, 'Name'), ['unit'])
    assert.equal((await send('HEAD', '/unit')).status, 200)
    assert.equal(codeOf((await send('PUT', '/unit')).body), 'BucketAlreadyOwnedByYou')
    assert.equal(codeOf((await send('GET', '/other')).body), 'NoSuchBucket')
    assert.equal((await send('GET', '/unit?location=')).status, 200)
    assert.equal((await send('GET', '/unit?versioning=')).status, 200)
  })

  it('error: what is not served is said, not ignored', async () => {
    for (const query of ['acl', 'policy', 'tagging', 'versionId'])
      assert.equal(codeOf((await send('GET', `/unit/a?${query}=`)).body), 'NotImplemented', query)
    assert.equal(codeOf((await send('PATCH', '/unit/a')).body), 'MethodNotAllowed')
    assert.equal(codeOf((await send('DELETE', '/unit')).body), 'MethodNotAllowed')
  })

  it('error: keys and paths beyond their limits', async () => {
    assert.equal(codeOf((await send('GET', `/unit/${'k'.repeat(1025)}`)).body), 'KeyTooLongError')
    assert.equal(codeOf((await plainRequest(`${own.server.url}/unit/%zz`)).body), 'InvalidURI')
    assert.equal(codeOf((await plainRequest(`${own.server.url}/unit/a%00`)).body), 'InvalidURI')
  })

  it('behavior: an upload that was created is listed, completed and gone', async () => {
    const created = await send('POST', '/unit/multi?uploads=')
    const id = all(created.body, 'UploadId')[0]
    const part = await send('PUT', `/unit/multi?partNumber=1&uploadId=${id}`, { body: 'only part' })
    const listed = await send('GET', `/unit/multi?uploadId=${id}`)
    assert.deepEqual(all(listed.body, 'Size'), ['9'])
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`
    const done = await send('POST', `/unit/multi?uploadId=${id}`, { body })
    assert.match(all(done.body, 'ETag')[0] ?? '', /-1&quot;$/)
    assert.equal((await send('GET', '/unit/multi')).body.toString(), 'only part')
    assert.equal(codeOf((await send('GET', `/unit/multi?uploadId=${id}`)).body), 'NoSuchUpload')
    assert.equal(
      codeOf((await send('PUT', `/unit/multi?partNumber=0&uploadId=${id}`, { body: 'x' })).body),
      'InvalidArgument',
    )
  })

  it('behavior: the store is as it was after the endpoint and the store were started again', async () => {
    await own.server.close()
    await own.store.close()
    const store = await openFolderStore({ folder: own.folder, clock: { now: () => Date.now() } })
    const keys = (await store.list()).objects.map((object) => object.key)
    assert.ok(KEYS.every((key) => keys.includes(key)))
    await store.close()
  })
})
