# ends: syntax unknown-name
async def f(): pass
