// @rudderstack/rudder-sdk-node: `dataPlaneUrl` is all that is changed.
const { default: Client } = { default: undefined, ...require('@rudderstack/rudder-sdk-node') }
const RudderAnalytics = Client ?? require('@rudderstack/rudder-sdk-node')
const [url, writeKey] = process.argv.slice(2)
const client = new RudderAnalytics(writeKey, { dataPlaneUrl: url })
const userId = 'rudder-node'
client.identify({ userId, traits: { first_name: 'นก', points: 12 } })
client.track({ userId, event: 'Order Placed', properties: { total: 1290.5, note: 'ขอบคุณ 🙏' }, messageId: 'rudder-node-1' })
client.page({ userId, name: 'Home', properties: { url: 'https://shop.example/' } })
client.alias({ userId, previousId: 'rudder-node-old' })
client.flush((error) => {
  if (error) console.error(error)
  process.exit(error ? 1 : 0)
})
