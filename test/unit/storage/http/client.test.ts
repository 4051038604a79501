/** The HTTP client against servers that misbehave: on time, within its bytes, with the right code. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { HttpFailure, type HttpFailureCode } from '../../../../src/core/ports/http.ts'
import { createHttpClient } from '../../../../src/storage/http/client.ts'
import { bodyOf, readAll } from '../../../../src/storage/keys.ts'
import { freePort } from '../../../support/servers/free-port.ts'

const QUICK = { allowPrivate: true, connectMs: 300, idleMs: 150, totalMs: 500 }
const OK = 'HTTP/1.1 200 OK\r\n'

describe('createHttpClient', () => {
  let server: Server | undefined
  const sockets = new Set<Socket>()
  /** A server that reads the request's head and then does what it likes. */
  const serve = async (behave: (socket: Socket) => void): Promise<string> => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('data', () => behave(socket))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x`
  }
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    if (server) {
      server.close()
      await once(server, 'close')
    }
    server = undefined
  })

  const get = async (url: string, options: object = {}, maxResponseBytes = 10_000) => {
    const http = createHttpClient({ ...QUICK, ...options })
    const response = await http.request({ method: 'GET', url, maxResponseBytes })
    return { response, data: Buffer.from(await readAll(response.body, 1 << 20)).toString() }
  }
  const fails = (work: Promise<unknown>, code: HttpFailureCode) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof HttpFailure, String(error))
      assert.equal(error.code, code)
      return true
    })

  it('default', async () => {
    const url = await serve((socket) => socket.end(`${OK}content-length: 5\r\nx-a: 1\r\n\r\nhello`))
    const { response, data } = await get(url)
    assert.equal(response.status, 200)
    assert.equal(response.headers['x-a'], '1')
    assert.equal(data, 'hello')
    const timings = response.timings()
    assert.ok(
      Object.values(timings).every((ms) => ms >= 0 && ms < 1000),
      JSON.stringify(timings),
    )
    assert.ok(timings.connectMs > 0)
  })

  it('behavior: each request has a connection of its own', async () => {
    let connections = 0
    const url = await serve((socket) => {
      connections++
      socket.write(`${OK}content-length: 0\r\nconnection: keep-alive\r\n\r\n`)
    })
    await get(url)
    await get(url)
    assert.equal(connections, 2)
  })

  it('behavior: kept connections are used again, each answer within its own ceiling', async () => {
    let connections = 0
    server = createServer((socket) => {
      connections++
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', () => socket.write(`${OK}content-length: 6000\r\n\r\n${'x'.repeat(6000)}`))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    const http = createHttpClient({ ...QUICK, keepConnections: 2 })
    for (let i = 0; i < 12; i++) {
      const response = await http.request({ method: 'GET', url, maxResponseBytes: 10_000 })
      assert.equal((await readAll(response.body, 6000)).length, 6000)
    }
    assert.equal(connections, 1)
    const left = await http.request({ method: 'GET', url, maxResponseBytes: 10_000 })
    await left.body.return?.()
    const next = await http.request({ method: 'GET', url, maxResponseBytes: 10_000 })
    assert.equal((await readAll(next.body, 6000)).length, 6000)
    assert.equal(connections, 2, 'an answer left unread takes its connection with it')
    http.close()
  })

  it('behavior: the path is sent as it stands', async () => {
    let head = ''
    server = createServer((socket) => {
      socket.once('data', (chunk) => {
        head = chunk.toString()
        socket.end(`${OK}content-length: 0\r\n\r\n`)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    await get(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/a/../b//c?q=%2F`)
    assert.match(head, /^GET \/a\/\.\.\/b\/\/c\?q=%2F HTTP/)
  })

  it('behavior: a body is uploaded, and a redirect is an answer', async () => {
    const url = await serve((socket) =>
      socket.end('HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n'),
    )
    const http = createHttpClient(QUICK)
    const response = await http.request({
      method: 'PUT',
      url,
      headers: { 'content-length': '3' },
      body: bodyOf(Buffer.from('abc')),
      maxResponseBytes: 1000,
    })
    assert.equal(response.status, 302)
    await response.body.return?.()
  })

  it('error: no server, no name, no URL', async () => {
    await fails(get(`http://127.0.0.1:${await freePort()}/`), 'connect-refused')
    const lookup = async () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    }
    await fails(get('http://nowhere.invalid/', { lookup }), 'dns-failure')
    for (const url of [
      'ftp://x/',
      'http://',
      'http://user@host/',
      'http://a b/',
      'http://h:99999/',
      'http://h/ \r\nx: y',
    ])
      await fails(get(url), 'malformed-response')
  })

  it('error: a server that is silent, trickles, or never ends', async () => {
    await fails(get(await serve(() => {})), 'idle-timeout')
  })

  it('error: an answer that trickles is over at the total time-out', async () => {
    const url = await serve((socket) => {
      socket.write(`${OK}content-length: 1000\r\n\r\n`)
      const trickle = setInterval(() => socket.write('x'), 50)
      socket.once('close', () => clearInterval(trickle))
    })
    await fails(get(url), 'total-timeout')
  })

  it('error: headers that never end', async () => {
    const url = await serve((socket) => {
      socket.write(OK)
      const trickle = setInterval(() => socket.write('x-a: b\r\n'), 50)
      socket.once('close', () => clearInterval(trickle))
    })
    await fails(get(url), 'total-timeout')
    assert.ok(server)
  })

  it('error: more bytes than allowed', async () => {
    const url = await serve((socket) => {
      socket.write(`${OK}\r\n`)
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      }
      socket.on('drain', more)
      more()
    })
    await fails(get(url, {}, 100_000), 'byte-ceiling')
  })

  it('error: a connection that breaks off, an answer that is none', async () => {
    await fails(get(await serve((socket) => socket.end(`${OK}content-length: 10\r\n\r\nshort`))), 'connection-reset')
  })

  it('error: an answer that is no HTTP', async () => {
    await fails(get(await serve((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'))), 'malformed-response')
  })

  it('error: TLS with a certificate of nobody, or no TLS at all', async () => {
    const url = await serve((socket) => socket.end('not tls'))
    await fails(get(url.replace('http:', 'https:')), 'tls-failure')
  })

  it('error: private addresses are refused, also behind a name, also when only one of several is private', async () => {
    const closed = { allowPrivate: false }
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '[::1]',
      '[fd00::1]',
      '[::ffff:8.8.8.8]',
      '0.0.0.0',
    ])
      await fails(get(`http://${host}:1/`, closed), 'address-refused')
    const lookup = async () => [
      { address: '93.184.216.34', family: 4 as const },
      { address: '192.168.0.1', family: 4 as const },
    ]
    await fails(get('http://mixed.example/', { ...closed, lookup }), 'address-refused')
  })

  it('behavior: the address that was checked is the one that is used', async () => {
    const url = await serve((socket) => socket.end(`${OK}content-length: 2\r\n\r\nok`))
    let asked = 0
    // A second answer would lead elsewhere: there must be no second question.
    const lookup = async () => {
      asked++
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 as const }]
    }
    assert.equal((await get(url.replace('127.0.0.1', 'rebind.example'), { lookup })).data, 'ok')
    assert.equal(asked, 1)
  })

  it('behavior: an abort ends with its reason, before and during the answer', async () => {
    const url = await serve((socket) => socket.write(`${OK}content-length: 10\r\n\r\nhalf`))
    const http = createHttpClient(QUICK)
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await assert.rejects(http.request({ method: 'GET', url, maxResponseBytes: 1000, signal: aborted }), reason)
    const controller = new AbortController()
    const response = await http.request({ method: 'GET', url, maxResponseBytes: 1000, signal: controller.signal })
    const reading = (async () => {
      for await (const _ of response.body) controller.abort(reason)
    })()
    await assert.rejects(reading, reason)
  })

  it('error: a body that fails ends the request with its own error', async () => {
    const url = await serve(() => {})
    const broken = new Error('the source is gone')
    async function* body() {
      yield Buffer.from('a')
      throw broken
    }
    const http = createHttpClient(QUICK)
    const request = { method: 'PUT', url, headers: { 'content-length': '9' }, body: body(), maxResponseBytes: 1000 }
    await assert.rejects(http.request(request), broken)
  })
})
