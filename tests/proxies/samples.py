"""What a client could send to be taken for somebody else: samples of classes, each with its neighbours."""

#: How a client could spell the name of the identity so that some origin takes it for ours.
SPELLINGS = ("Tollgate-Identity", "tollgate-identity", "TOLLGATE_IDENTITY", "Tollgate_Identity", "tollgate_Identity",
             "Tollgate.Identity", "Tollgate-Identity_", "tollgate~identity", "Tollgate__Identity")
#: Tells that some proxies write and some gates believe.
CLAIMS = ("X-Forwarded-For", "X-Real-IP", "X-Original-Forwarded-For", "True-Client-IP", "CF-Connecting-IP",
          "X-Envoy-External-Address", "X-Client-IP", "X_Forwarded_For")
#: Paths that could be decided on as one thing and read as another.
CROOKED = ("/a/../admin/x", "/a/%2e%2e/admin/x", "/a/%2E./admin/x", "/a/./admin/x", "//admin/x", "///admin/x",
           "/orders//x", "/./admin/x", "/../admin/x", "/admin%2Fx", "/admin%2fx", "/orders%2f..%2fadmin%2fx",
           "/orders/..%2fadmin/x", "/orders/%2e%2e%2fadmin/x", "/a/..;/admin/x", "/;/admin/x", "/admin;x=1/x",
           "/%61dmin/x", "/%2561dmin/x", "/a\\..\\admin\\x", "/a/%5c../admin/x", "/orders/%00/../admin/x",
           "/orders/x%00", "/orders/1#/../admin/x", "/public/../admin/x", "/public/..%2fadmin/x",
           "/public/%2e%2e/admin/x", "/public/..;/admin/x", "/public//../admin/x", "/public/.%2e/admin/x",
           "http://api.example/admin/x", "http://api.example/public/../admin/x", "/orders/%c0%ae%c0%ae/admin/x",
           "/admin/../public/x", "/orders/..", "/orders/.", "/%2e%2e/admin/x", "/orders/%252e%252e/admin/x")
