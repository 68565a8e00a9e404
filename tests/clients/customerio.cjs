// customerio-node: `url`, `port` and `ca` are all that is changed.
const { TrackClient } = require('customerio-node')
const fs = require('fs')
const [port, key, ca] = process.argv.slice(2)
const client = new TrackClient('site', key, { url: 'https://localhost/api/v1', port, ca: fs.readFileSync(ca) })
const id = 'customerio/node ก'
async function story() {
  await client.identify(id, { email: 'node@example.com', first_name: 'นก', created_at: 1795000000 })
  await client.track(id, { name: 'Order Placed', data: { total: 1290.5, note: 'ขอบคุณ 🙏' }, id: 'customerio-node-1' })
  await client.trackAnonymous('customerio-node-anonymous', { name: 'Looked', data: { page: '/' } })
  await client.trackPageView(id, '/home')
  await client.addDevice(id, 'token/1', 'ios', { last_used: 1795000000, app: 'shop' })
  await client.deleteDevice(id, 'token/1')
  await client.mergeCustomers('id', id, 'email', 'old@example.com')
  await client.suppress(id)
  await client.unsuppress(id)
  await client.destroy(id)
  // What it must hear: that nobody is called so.
  let refused = false
  await client.identify('undefined', {}).catch((error) => { refused = error.statusCode === 400 })
  if (!refused) throw new Error('`undefined` was taken')
}
story().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
