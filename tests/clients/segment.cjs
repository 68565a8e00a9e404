// @segment/analytics-node: `host` is all that is changed.
const { Analytics } = require('@segment/analytics-node')
const [url, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host: url, flushAt: 20, maxRetries: 5 })
analytics.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})
const userId = 'segment-node'
analytics.identify({ userId, anonymousId: 'segment-node-anonymous', traits: { first_name: 'นก', points: 12 } })
analytics.track({ userId, event: 'Order Placed', properties: { total: 1290.5, note: 'ขอบคุณ 🙏' }, messageId: 'segment-node-1' })
analytics.track({ userId, event: 'Order Placed', messageId: 'segment-node-1' })
analytics.page({ userId, name: 'Home', properties: { url: 'https://shop.example/' } })
analytics.group({ userId, groupId: 'g1', traits: { size: 3 } })
analytics.alias({ userId, previousId: 'segment-node-old' })
analytics.closeAndFlush({ timeout: 20000 })
