// node-postgres: a protocol implementation of its own; text results, cursors by portals.
import fs from 'node:fs'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { to as copyTo } from 'pg-copy-streams'

const read = "SELECT count(*)::int AS n FROM refunds WHERE state = 'stuck'"
const denied = 'SELECT salary FROM staff'
const write = "UPDATE refunds SET state = 'approved' WHERE id = 2417"
const parameters = {
  host: process.env.NG_HOST,
  port: Number(process.env.NG_PORT),
  user: process.env.NG_AGENT,
  password: process.env.NG_KEY,
  database: 'orders',
  ssl: { ca: fs.readFileSync(process.env.NG_CA, 'utf8') },
  options: '-c narrowgate.task=refund-triage',
}

function expect(what, wanted) {
  if (what !== wanted) throw new Error(`${what} instead of ${wanted}`)
}

async function expectState(sqlstate, promise) {
  const refused = await promise.then(() => null, (error) => error)
  expect(refused?.code, sqlstate)
  return refused
}

async function expectThree(client) {
  expect((await client.query(read)).rows[0].n, 3)
}

const checks = {
  login: expectThree,

  async scope(client) {
    expect((await client.query('SELECT * FROM narrowgate.scope')).rows[0].resource, 'orders')
  },

  async parameters(client) {
    const text = 'SELECT id, amount, requested_at, history, $1::int[] AS back FROM refunds WHERE id = ANY($2) AND state <> $3 ORDER BY id'
    for (const name of [undefined, 'named', 'named']) {
      const { rows } = await client.query({ name, text, values: [[1, 2], [2417, 2502], 'void'] })
      expect(rows.map((row) => row.id).join(), '2417,2502')
      expect(rows[0].back.length, 2)
    }
  },

  async refusal(client) {
    const refused = await expectState('42501', client.query(denied))
    expect(JSON.parse(refused.detail).code, 'scope_denied')
    await expectState('42501', client.query({ text: 'SELECT salary FROM staff WHERE id = $1', values: [1] }))
    await expectThree(client)
  },

  async transaction(client) {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await client.query('SAVEPOINT before')
    await expectState('42501', client.query(denied))
    await expectState('25P02', client.query(read))
    await client.query('ROLLBACK TO SAVEPOINT before')
    await expectThree(client)
    await client.query('ROLLBACK')
  },

  async pipeline(client) {
    const several = await client.query(`${read}; SELECT 2 AS two`)
    expect(several[1].rows[0].two, 2)
    await expectState('42501', client.query(`SELECT 1; ${denied}; SELECT 2`))
    await Promise.all([client.query(read), expectState('42501', client.query(denied)), client.query(read)])
    await expectThree(client)
  },

  async rows(client) {
    const cursor = client.query(new Cursor('SELECT id, history FROM refunds WHERE batch = $1', [7]))
    let count = 0
    for (let part = await cursor.read(50); part.length > 0; part = await cursor.read(50)) count += part.length
    await cursor.close()
    expect(count, 400)
  },

  async copy(client) {
    let out = ''
    const stream = client.query(copyTo('COPY (SELECT id, state FROM refunds LIMIT 3) TO STDOUT (FORMAT CSV)'))
    for await (const chunk of stream) out += chunk
    expect(out.trim().split('\n').length, 3)
  },

  async cancel(client) {
    const other = new pg.Client(parameters)
    const running = client.query('SELECT pg_sleep(20)')
    setTimeout(() => other.cancel(client, client.activeQuery ?? client._activeQuery), 500)
    await expectState('57014', running)
    await expectThree(client)
  },

  async hold(client) {
    await client.query('BEGIN')
    expect((await client.query(write)).rowCount, 1)
    await client.query('ROLLBACK')
  },

  async reflection(client) {
    const columns = "SELECT column_name FROM information_schema.columns WHERE table_name = $1"
    expect((await client.query(columns, ['refunds'])).rowCount, 9)
    expect((await client.query('SELECT * FROM refunds LIMIT 0')).fields.length, 9)
  },

  async pool() {
    const pool = new pg.Pool({ ...parameters, max: 4 })
    await Promise.all(Array.from({ length: 8 }, () => expectThree(pool)))
    await pool.end()
  },
}

for (const [check, run] of Object.entries(checks)) {
  const line = { client: 'node-postgres', check, result: 'ok', why: '' }
  const client = new pg.Client(parameters)
  client.on('error', () => {})
  try {
    await client.connect()
    const absent = await run(client)
    if (absent) Object.assign(line, { result: 'absent', why: absent })
  } catch (error) {
    Object.assign(line, { result: 'failed', why: `${error.stack}` })
  }
  await client.end().catch(() => {})
  console.log(JSON.stringify(line))
}
