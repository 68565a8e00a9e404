# rudder-sdk-python: `dataPlaneUrl` is all that is changed.
import sys
import rudderstack.analytics as analytics

failed = []
analytics.dataPlaneUrl, analytics.write_key = sys.argv[1], sys.argv[2]
analytics.on_error = lambda error, items: failed.append(error)
user = "rudder-python"
analytics.identify(user, {"first_name": "นก", "points": 12})
analytics.track(user, "Order Placed", {"total": 1290.5, "note": "ขอบคุณ 🙏"}, message_id="rudder-python-1")
analytics.page(user, "shop", "Home", {"url": "https://shop.example/"})
analytics.alias("rudder-python-old", user)
analytics.flush()
analytics.shutdown()
sys.exit(f"{failed}" if failed else 0)
