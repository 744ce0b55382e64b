from tests.kill.run import main

main()
